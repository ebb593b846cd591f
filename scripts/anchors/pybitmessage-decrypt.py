# Tries messages with PyBitmessage's own code (pyelliptic over OpenSSL), as its object processor does. Python 2.7.
#   python pybitmessage-decrypt.py SRC FILE; FILE: lines of hex, "key" or "object" before each.
# Reads lines "IDENTITIES SECONDS" and answers with lines "OBJECTS CPU_SECONDS".
import random
import resource
import sys
import time
from binascii import hexlify, unhexlify

sys.path.insert(0, sys.argv[1])
import highlevelcrypto  # noqa: E402

keys, objects = [], []
for line in open(sys.argv[2]):
    kind, value = line.split()
    (keys if kind == 'key' else objects).append(unhexlify(value))
cryptors = {}
for number, key in enumerate(keys):
    cryptors[number] = highlevelcrypto.makeCryptor(hexlify(key))


def attempt(data, some):
    """The loop of class_objectProcessor.processmsg; returns whether a key fitted."""
    successful = False
    for _, cryptor in sorted(some.items(), key=lambda x: random.random()):
        try:
            cryptor.decrypt(data)
            successful = True
        except Exception:
            pass
    return successful


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


while True:
    words = sys.stdin.readline().split()
    if not words:
        break
    some = dict((number, cryptors[number]) for number in range(int(words[0])))
    end = time.time() + float(words[1])
    before, done = cpu(), 0
    while done == 0 or time.time() < end:
        if attempt(objects[done % len(objects)], some):
            raise Exception('a message for somebody else was decrypted')
        done += 1
    print('%d %f' % (done, cpu() - before))
    sys.stdout.flush()
