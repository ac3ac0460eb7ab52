"""A program with a child that leaves its group, its session and its parent, and will not end when it is asked: `family.py MARK`."""
import os, signal, sys, time

signal.signal(signal.SIGTERM, lambda *_: (print("asked", flush=True), os._exit(0)))
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("orphan", flush=True)
    time.sleep(60)
    os._exit(0)
while True:
    time.sleep(60)
