#!/bin/sh
# Asks a supplier that is not cached. None can be reached from the demo.
echo "no supplier called $1" >&2
exit 1
