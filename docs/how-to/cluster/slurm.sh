#!/bin/bash
#SBATCH --ntasks=64 --cpus-per-task=1 --mem-per-cpu=2G --time=04:00:00
# One trial on a SLURM cluster: sbatch slurm.sh study.yaml out/big 50000
# The folder from which it is sent must be one that all nodes see. Send it again if its time ran out.
set -euo pipefail
study=${1:?the study file} out=${2:?the folder of results} size=${3:?patients of each arm}
address="$PWD/scheduler-${SLURM_JOB_ID:?to be run by sbatch}.json"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -f "$address"' EXIT
dask scheduler --scheduler-file "$address" --no-dashboard &
until [ -f "$address" ]; do sleep 1; done
srun --ntasks="$((SLURM_NTASKS - 1))" dask worker --scheduler-file "$address" --nthreads 1 --no-dashboard &
rascade trial "$study" --out "$out" --size "$size" --scheduler "$address" --resume
