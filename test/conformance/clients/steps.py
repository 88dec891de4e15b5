"""What the Python clients share: the controllers to drive, and what became of each step."""
import json
import multiprocessing
import sys
import time

PASSWORD = "Gu3st-of-the-rack"
IMAGE = "http://127.0.0.1:9/system.iso"


def drive(session):
    """Runs a client's steps on every controller given, and prints what they gave as one line of JSON."""
    origins = json.loads(sys.argv[1])
    # Each in a process of its own, since clients wait a second before they try again what a controller broke off.
    with multiprocessing.get_context("fork").Pool(6) as pool:
        running = [pool.apply_async(one, (session, origin)) for origin in origins.values()]
        print(json.dumps(dict(zip(origins, [each.get() for each in running]))))


def one(session, origin):
    """What became of each step on one controller."""
    try:
        steps = session(origin)
    except Exception as error:  # noqa: BLE001: any error of a client is a finding
        return {"open": words(error)}
    found = {}
    for name, work in steps.items():
        try:
            found[name] = work()
        except (Exception, SystemExit) as error:  # noqa: BLE001
            found[name] = words(error)
    return found


def words(error):
    return f"{type(error).__name__}: {error}"[:400]


def until(look, wanted):
    """The first of a minute's looks that is what is wanted, or the last one."""
    for _ in range(600):
        seen = look()
        if seen == wanted:
            break
        time.sleep(0.1)
    return seen
