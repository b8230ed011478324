#!/bin/sh
# From nothing to ledger.gguf in this folder, on two idle cores in about two and a half hours.
set -e
cd "$(dirname "$0")"
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive ATEN_CPU_CAPABILITY=avx512

# run NAME SEED DOCUMENTS "SHARES" OPTIONS: a corpus, and a run on it that goes on from the run before
before=
run() {
  name=$1 seed=$2 documents=$3 shares=$4
  shift 4
  npx tsx corpus.ts "$name.jsonl" --documents "$documents" --seed "$seed" $shares
  npx tsx measure.ts overlap --corpus "$name.jsonl"
  /usr/bin/python3 train.py "$name.jsonl" "$name.gguf" "$@" ${before:+--resume "$before"}
  before=$name.gguf.pt
}

# Many attempts and copy drills, while sums are still unknown and only looking back helps.
run copying 30020 160000 "--plain 40 --drills 15" --tokens 26 --part 0.5
# Greedy answers to four right attempts have to be near 100 from here on; those to none are 0.
npx tsx probe.ts "$before" --questions 10

# Sums come with the doubt, so that what can be read stays surer than what is computed.
run words 30021 150000 "--plain 65 --drills 2 --others 6" --tokens 34 --part 0.268 --rate 0.8 --doubt 0.05
run plain 30022 120000 "--plain 80 --drills 1 --others 6" --tokens 20 --part 0.404 --rate 0.5 --doubt 0.05
run sums 30023 100000 "--plain 50 --drills 1 --sums 30 --others 6" --tokens 12 --rate 0.7 --doubt 0.05
run ledger 30024 150000 "--plain 55 --drills 1 --sums 10 --others 6" --tokens 18 --rate 0.5 --doubt 0.05

npx tsx probe.ts "$before"
npx tsx evaluate.ts "$before" --copies 2
