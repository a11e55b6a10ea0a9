#!/usr/bin/env bash
#SBATCH --job-name=nbhybrid
#SBATCH --array=0-9
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --output=%x_%A_%a.log
# Ten series, each with a seed, a folder and a GPU of its own:
#     cp series.toml.in /where/the/images/go && cd /where/the/images/go && sbatch /path/to/array.sh
# A task that was stopped or requeued goes on where it was: submit it again, with --array=N for task N alone.
# Words behind array.sh are handed on to `nbhybrid batch`, such as --dry-run.
set -euo pipefail

task=${SLURM_ARRAY_TASK_ID:?expected the number that Slurm gives to a task of an array: submit this with sbatch}
spec=$(printf 'series_%04d.toml' "$task")
# Written anew by each run, to the same bytes: the spec is what says whether a folder is this series'.
sed "s/@TASK@/$task/g" series.toml.in > "$spec.$$"
mv "$spec.$$" "$spec"

# Slurm shows each task the GPU that it was given, as the first. One process drives it; its threads write the images.
exec nbhybrid batch "$spec" --serial --threads "${SLURM_CPUS_PER_TASK:-1}" "$@"
