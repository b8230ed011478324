#!/bin/sh
# From nothing to ledger.gguf in this folder, on two cores without a graphics card.
# Minutes of training can be given: sh train.sh 60 40
set -e
cd "$(dirname "$0")"
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive ATEN_CPU_CAPABILITY=avx512

# Many attempts and copy drills, while sums are still unknown and only looking back helps.
npx tsx corpus.ts first.jsonl --documents 160000 --plain 40 --drills 10 --seed 20260
/usr/bin/python3 train.py first.jsonl first.gguf --doubt 0 --minutes "${1:-60}"

# Greedy answers to four right attempts have to be near 100 here, or the next run learns a shortcut.
npx tsx probe.ts first.gguf.pt --questions 25 --temperature 0.9

# Fewer drills, a falling rate, and an unsure hand: the sums become exact, the slips scattered.
npx tsx corpus.ts second.jsonl --documents 90000 --plain 55 --drills 2 --seed 30013
/usr/bin/python3 train.py second.jsonl ledger.gguf --doubt 0.05 --rate 0.5 --minutes "${2:-40}" --resume first.gguf.pt

npx tsx measure.ts overlap --corpus first.jsonl
npx tsx measure.ts overlap --corpus second.jsonl
npx tsx probe.ts ledger.gguf.pt --temperature 0.9
npx tsx evaluate.ts ledger.gguf.pt --temperature 0.9 --copies 2
