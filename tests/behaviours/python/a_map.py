"""What CPython does in the cases A that Poolscope promises to share; one JSON object."""

import json
import multiprocessing
import time
from multiprocessing.pool import MaybeEncodingError, ThreadPool
from pickle import PicklingError


def square(x):
    return x * x


def is_prime(n):
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


def count_primes(low, high):
    return sum(map(is_prime, range(low, high)))


def fails_at_five(x):
    if x == 5:
        raise ValueError("item 5 was told to fail")
    ran[x] = 1
    return x


def nap(seconds):
    time.sleep(seconds)
    return True


def fails_late(item):
    time.sleep(0.01)
    if item in (9, 10):
        raise ValueError(f"item {item} was told to fail")


def closure(x):
    return lambda: x


unpicklable = lambda: None  # noqa: E731
unpicklable.__name__ = unpicklable.__qualname__ = "nowhere"
context = multiprocessing.get_context("fork")
ran = context.Array("i", 12)


def cut(items, workers):
    with ThreadPool(workers) as pool:
        job = pool.map_async(int, range(items))
        size = job._chunksize
        job.get()
    units = -(-items // size)
    return [items, workers, size, units, items - (units - 1) * size]


def raised(call):
    try:
        call()
    except Exception as error:
        return error
    return None


def main():
    told = {}
    golden = [(1, 4), (10, 4), (16, 4), (17, 4), (100, 4), (1000, 3), (7, 2), (8, 2), (9, 2), (10**6, 8)]
    told["A02"] = [cut(items, workers) for items, workers in golden]
    with context.Pool(2) as pool:
        told["A01"] = pool.map(square, range(20), chunksize=3)
        empty = [pool.map(square, []), pool.starmap(square, []), list(pool.imap(square, [])),
                 list(pool.imap_unordered(square, [])), pool.map_async(square, []).get()]
        assert all(result == [] for result in empty)
        told["A05"] = empty[0]
        called = []
        pool.map_async(square, [], callback=called.append).get()
        told["A06"] = len(called)
        assert isinstance(raised(lambda: pool.map(fails_at_five, range(12), chunksize=4)), ValueError)
        # Item 4 ran too, but its unit has no result.
        told["A09"] = [item for item in range(12) if ran[item] and item != 4]
        error = raised(lambda: pool.map(fails_late, range(20), chunksize=10))
        told["A10"] = f"{type(error).__name__}: {error}"
        workers = set(worker.pid for worker in pool._pool)
        errors = [raised(lambda: pool.apply(closure, (item,))) for item in range(20)]
        assert all(isinstance(error, MaybeEncodingError) for error in errors)
        told["A12"] = ["MaybeEncodingError", len(workers | set(worker.pid for worker in pool._pool))]
        jobs = [pool.apply_async(square, (unpicklable if item == 3 else item,)) for item in range(8)]
        errors = [raised(job.get) for job in jobs]
        assert isinstance(errors[3], PicklingError), errors
        told["A13"] = ["PicklingError", sum(error is None for error in errors)]
        ranges = [(low, low + 100) for low in range(0, 6000, 100)]
        told["A16"] = pool.starmap(count_primes, ranges, chunksize=30)
        job = pool.map_async(nap, [0.01] * 6, chunksize=1)
        error = raised(lambda: job.get(timeout=0.002))
        told["A17"] = [type(error).__name__, len(job.get())]
        counts = []
        called = []
        pool.map_async(square, range(6), callback=called.append).get()
        counts.append(len(called))
        called = []
        for job in [pool.apply_async(square, (x,), callback=called.append) for x in range(6)]:
            job.get()
        counts.append(len(called))
        told["A18"] = counts
    print(json.dumps(told))


if __name__ == "__main__":
    main()
