#!/usr/bin/env python3
"""claims.py: what README.md and docs/*.md claim, measured; tests/claims/README.md says how an entry is written.

  ./dev claims [NAME...]              measures these claims or runs (all: a night), says which no longer hold, and where
  ./dev claims --quick                each claim's cheapest honest form, which has a bound of its own
  ./dev claims --list                 command, bound, where it is printed, how long it takes
  ./dev claims --check                pages against entries and kept results; what ./dev lint runs
  ./dev claims NAME --import DIR...   takes the results of runs made by hand
"""

import argparse
import difflib
import fnmatch
import os
import signal
import sys

sys.dont_write_bytecode = True
from book import Book, EntryError, seeds_of
from pages import check, pages, places
from runs import Runner, commit_of, imported

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments(words):
    root = os.path.dirname(os.path.dirname(HERE))
    parser = argparse.ArgumentParser(prog="./dev claims", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="claims or runs, * for any letters; default: all")
    parser.add_argument("--seeds", metavar="N", help="seeds 1 to N, or FIRST-LAST, in place of the entry's own")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="runs at once, one thread each")
    parser.add_argument("--quick", action="store_true", help="the quick forms")
    parser.add_argument("--write", action="store_true", help="keep the results, and put them into the pages")
    parser.add_argument("--list", action="store_true", help="only list the entries")
    parser.add_argument("--check", action="store_true", help="run nothing: pages against kept results; with --write, put these in")
    parser.add_argument("--import", nargs="+", dest="folders", metavar="DIR", help="folders of finished runs of one NAME")
    parser.add_argument("--commit", help="with --import: the commit that made them; default: what stands here")
    parser.add_argument("--root", default=root, help=argparse.SUPPRESS)
    parser.add_argument("--programs", help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    args.seeds = seeds_of(args.seeds) if args.seeds else None
    if args.jobs < 1:
        raise EntryError("--jobs must be 1 or more")
    if args.quick and (args.write or args.folders):
        raise EntryError("--quick keeps nothing: what pages print comes from whole runs")
    args.programs = args.programs or os.path.join(args.root, "build", "release", "examples")
    return args


def chosen(book, names):
    """Claims by their own names or those of their runs."""
    if not names:
        return list(book.claims.values())
    found = []
    for name in names:
        hits = [c for c in book.claims.values() if any(fnmatch.fnmatch(n, name) for n in (c.name, *c.runs()))]
        if not hits and not fnmatch.filter(book.runs, name):
            near = difflib.get_close_matches(name, [*book.claims, *book.runs], 3)
            raise EntryError(f"there is no claim or run {name}" + (f"; near it: {', '.join(near)}" if near else ""))
        found += [claim for claim in hits if claim not in found]
    return found


def runs_of(book, claims, names, quick):
    """What to run: a run that is named alone, and all runs of a claim that is."""
    needed = [run for run in book.runs if any(fnmatch.fnmatch(run, name) for name in names)]
    for claim in claims:
        if (claim.quick or not quick) and (not names or any(fnmatch.fnmatch(claim.name, name) for name in names)):
            needed += claim.runs()
    return [book.runs[run] for run in dict.fromkeys(needed) if book.runs[run].quick or not quick]


def verdict(claim, figures, quick):
    """("holds" | "FAILS" | "not measured", words)"""
    if claim.text:
        return ("holds", "as it was made") if claim.filled(figures) is not None else ("not measured", "")
    bound, samples = claim.quick if quick else claim.bound, claim.samples(figures, quick)
    if not samples:
        return "not measured", ""
    broken = bound.broken(samples)
    shown = f"{len(samples)} seed{'s' * (len(samples) > 1)}: " + ", ".join(f"{v:.5g}" for v in samples.values())
    return ("FAILS", f"{'; '.join(broken)}, {shown}") if broken else ("holds", f"{bound.text}; {shown}")


def report(root, claims, figures, quick, asked, failed):
    """Prints what holds and what does not, with the page's line; the number of those that do not."""
    all_pages, counts = pages(root), {"holds": 0, "FAILS": 0, "not measured": 0}
    for claim in claims:
        if quick and not claim.quick:
            continue
        state, words = verdict(claim, figures, quick)
        if state == "not measured" and not asked.issuperset(claim.runs()):
            continue
        counts[state] += 1
        where = "" if state == "holds" else f"{', '.join(places(all_pages, claim)) or claim.file}: "
        print(f"{state:<12} {where}{claim.name}: {claim.says}: {words}")
    left = sum(not claim.quick for claim in claims) if quick else 0
    print(f"claims: {counts['holds']} hold, {counts['FAILS']} do not, {counts['not measured'] + len(failed)} could not be measured"
          + (f"; {left} have no quick form" if left else ""))
    return counts["FAILS"] + counts["not measured"] + len(failed)


def listed(root, book, claims):
    all_pages = pages(root)
    for claim in claims:
        print(f"{claim.name}: {claim.says}")
        print(f"  printed  {', '.join(places(all_pages, claim)) or 'nowhere'}")
        if claim.bound:
            print(f"  measure  {claim.measure}\n  bound    {claim.bound.text}" + (f"; quick: {claim.quick.text}" if claim.quick else ""))
        for run in map(book.runs.get, claim.runs()):
            print(f"  run      {run.command}, {len(run.seeds)} seeds, {run.takes}")
        print(f"  results  {book.since(claim)}")


def write(root, book, results):
    for run, seeds in results.items():
        book.keep(book.runs[run], seeds)
    changed = sum(page.rewrite(book, book.figures()) for page in pages(root))
    print(f"kept {sum(map(len, results.values()))} results; {changed} figures in pages changed")


def measured(args, book, wanted):
    """Results of what was asked: imported, or run."""
    if args.folders:
        if len(args.names) != 1 or args.names[0] not in book.runs:
            raise EntryError("--import: name the one run that the folders are of")
        run = book.runs[args.names[0]]
        return {run.name: imported(run, args.folders, args.commit or commit_of(args.root))}, []
    runner = Runner(args.root, args.programs, os.path.join(args.root, "build", "claims"), args.jobs, args.quick)
    pairs = [(run, seed) for run in wanted for seed in (args.seeds or (run.seeds[:1] if args.quick else run.seeds))]
    return runner.all(pairs, lambda text: print(text, file=sys.stderr, flush=True))


def main(words):
    args = arguments(words)
    book = Book(os.path.join(args.root, "tests", "claims"))
    claims = chosen(book, args.names)
    if args.list:
        return listed(args.root, book, claims)
    if args.check:
        if args.write:
            write(args.root, book, {})
        wrong = list(check(args.root, book))
        print("\n".join(wrong) if wrong else f"{len(book.claims)} claims: pages and results agree")
        return 1 if wrong else 0
    wanted = runs_of(book, claims, args.names, args.quick)
    results, failed = measured(args, book, wanted)
    figures = {run: {seed: one["figures"] for seed, one in seeds.items()} for run, seeds in results.items()}
    if not args.quick:  # beside what other runs have kept
        figures = {**{run: kept for run, kept in book.figures().items() if book.runs[run] not in wanted}, **figures}
    bad = report(args.root, claims, figures, args.quick, {run.name for run in wanted}, failed)
    if args.write:
        write(args.root, book, results)
    elif args.folders:
        print("not kept: add --write")
    return 1 if bad else 0


def interrupted(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupted)
    try:
        sys.exit(main(sys.argv[1:]))
    except EntryError as error:
        print(f"claims: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("claims: stopped; the same command goes on", file=sys.stderr)
        sys.exit(130)
