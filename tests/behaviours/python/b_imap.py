"""What CPython does in the cases B that Poolscope promises to share; one JSON object."""

import json
import multiprocessing
import time
from multiprocessing import TimeoutError

context = multiprocessing.get_context("fork")


def slow_first(item):
    time.sleep(0.1 if item == 0 else 0.01)
    return item


def nap(item):
    time.sleep(0.01)
    return item


def fails_at_one(item):
    if item == 1:
        raise ValueError("item 1 was told to fail")
    return item


def fails_at_five(item):
    if item == 5:
        raise ValueError("item 5 was told to fail")
    return item


def met(arriving, unit):
    """The units whose results are met, by their first items, and the errors."""
    found = []
    while True:
        try:
            result = next(arriving)
            if result % unit == 0:
                found.append(result // unit)
        except StopIteration:
            return found
        except ValueError as error:
            found.append(type(error).__name__)


def main():
    told = {}
    with context.Pool(2) as pool:
        order = list(pool.imap(slow_first, range(8)))
        told["B01"] = order == sorted(order)
        order = list(pool.imap_unordered(slow_first, range(8)))
        told["B02"] = order[0] != 0 and len(order) == 8
        arriving = pool.imap(nap, range(6))
        try:
            error = None
            arriving.next(timeout=0.002)
        except TimeoutError as expired:
            error = type(expired).__name__
        told["B03"] = [error, list(arriving)]
        told["B04"] = type(pool.imap(nap, range(6), chunksize=2)).__name__
        told["B05"] = met(pool.imap(fails_at_one, range(3)), 1)
        told["B06"] = met(pool.imap(fails_at_five, range(12), chunksize=4), 4)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
