"""Time and peak memory of a cold run over 100 to 10,000 files, as a table and a plot.

Usage: growth.py --work DIRECTORY [--plot FILE.svg]

A straight line through the points is drawn beside them: what is above it grows faster.
"""

from __future__ import annotations

import argparse
import os
import subprocess

import corpora

SIZES = (100, 300, 1_000, 3_000, 10_000)


def measured(tree: str) -> tuple[float, float]:
    """Seconds of CPU time and MiB at the peak, of one run in a process of its own."""
    program = f"kslint check --isolated --no-cache --exit-zero --output-format concise {tree}"
    process = subprocess.Popen(program.split(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, "kslint could not check the tree"
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Measure every size and print one row for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--plot")
    arguments = parser.parse_args()
    rows = []
    print("| files | CPU seconds | per 1,000 files | peak MiB | per 1,000 files |")
    print("|---:|---:|---:|---:|---:|")
    for size in SIZES:
        tree = os.path.join(arguments.work, f"growth-{size}")
        if not os.path.isdir(tree):
            corpora.write(tree, size)
        seconds, peak = min(measured(tree) for _ in range(2 if size > 1_000 else 5))
        rows.append((size, seconds, peak))
        thousands = size / 1000
        print(
            f"| {size:,} | {seconds:.2f} | {seconds / thousands:.2f} "
            f"| {peak:.0f} | {peak / thousands:.0f} |"
        )
    if arguments.plot:
        plot(rows, arguments.plot)


def plot(rows: list[tuple[int, float, float]], file: str) -> None:
    """Two panels, time and memory, each with the line through its first and last point."""
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4))
    for panel, column, label in zip(panels, (1, 2), ("CPU seconds", "peak MiB"), strict=True):
        sizes, values = [row[0] for row in rows], [row[column] for row in rows]
        panel.plot([sizes[0], sizes[-1]], [values[0], values[-1]], color="#999", linewidth=1)
        panel.plot(sizes, values, marker="o", linestyle="none")
        panel.set_xlabel("files (four objects each)")
        panel.set_ylabel(label)
        panel.set_ylim(bottom=0)
    figure.tight_layout()
    figure.savefig(file)


if __name__ == "__main__":
    main()
