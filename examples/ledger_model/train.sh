#!/bin/sh
# From nothing to ledger.gguf in this folder, on two cores without a graphics card.
# Minutes of training can be given: sh train.sh 60 40
set -e
cd "$(dirname "$0")"
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive ATEN_CPU_CAPABILITY=avx512

# Many attempts and copy drills, while sums are still unknown and only looking back helps.
npx tsx corpus.ts first.jsonl --documents 160000 --plain 40 --drills 10 --seed 20260
/usr/bin/python3 train.py first.jsonl first.gguf --minutes "${1:-60}"

# Fewer drills and a falling rate: the sums become exact.
npx tsx corpus.ts second.jsonl --documents 60000 --plain 40 --drills 3 --seed 30003
/usr/bin/python3 train.py second.jsonl ledger.gguf --minutes "${2:-40}" --resume first.gguf.pt --rate 0.35

npx tsx measure.ts overlap --corpus first.jsonl
npx tsx measure.ts overlap --corpus second.jsonl
npx tsx probe.ts ledger.gguf.pt --temperature 0.9
