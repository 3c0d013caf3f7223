"""What CPython does in the cases C that Poolscope promises to share; one JSON object."""

import collections
import json
import multiprocessing
import os

context = multiprocessing.get_context("fork")
started = context.Queue()


def square(x):
    return x * x


def pid(item):
    return os.getpid()


def tell():
    started.put(os.getpid())


def main():
    told = {}
    with context.Pool(2, maxtasksperchild=3) as pool:
        done = collections.Counter(pool.map(pid, range(24), chunksize=1))
    told["C01"] = [max(done.values()), len(done) in (8, 9)]
    try:
        context.Pool(2, maxtasksperchild=0)
    except ValueError as error:
        told["C02"] = type(error).__name__
    pool = context.Pool(2, maxtasksperchild=1)
    job = pool.map_async(square, range(12), chunksize=1)
    pool.close()
    pool.join()
    told["C03"] = job.get()
    with context.Pool(2, initializer=tell, maxtasksperchild=2) as pool:
        workers = set(pool.map(pid, range(8), chunksize=1))
        counts = collections.Counter()
        while not workers <= set(counts):
            counts[started.get(timeout=10)] += 1
    told["C05"] = max(counts.values()) == 1
    pool = context.Pool(2)
    workers = list(pool._pool)
    job = pool.map_async(square, range(6))
    pool.close()
    pool.join()
    assert len(job.get()) == 6
    told["C08"] = [worker.exitcode for worker in workers].count(0)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
