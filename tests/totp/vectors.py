"""Prints codes by pyotp for random parameters, each line for `tests/totp/main.rs`.

Usage: vectors.py NUMBER [SEED]
"""

import base64
import hashlib
import random
import sys

import pyotp

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(32)
print("vectors.py", sys.argv[1], SEED, file=sys.stderr)
drawn = random.Random(SEED)

for _ in range(int(sys.argv[1])):
    # pyotp takes no shorter ones.
    secret = base64.b32encode(drawn.randbytes(drawn.randint(14, 128))).decode().rstrip("=")
    alg = drawn.choice(["sha1", "sha256", "sha512"])
    # pyotp takes no fewer digits.
    digits, interval = drawn.randint(6, 8), drawn.randint(20, 60)
    # 2001 to 2096.
    time = drawn.randint(1_000_000_000, 4_000_000_000)
    totp = pyotp.TOTP(secret, digits=digits, digest=getattr(hashlib, alg), interval=interval)
    print(secret, alg, digits, interval, time, totp.at(time))
