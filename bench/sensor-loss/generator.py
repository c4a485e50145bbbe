"""Opens COUNT different files that do not exist, RATE a second, and says when it began and how long it took."""
import os
import sys
import time

count, rate, prefix = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
batch = max(1, rate // 500)
began = time.monotonic()
for number in range(count):
    if number % batch == 0:
        ahead = began + number / rate - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
    try:
        os.open(f"{prefix}{number}", os.O_RDONLY)
    except OSError:
        pass
print(time.monotonic() - began)
