#!/bin/sh
# Says that it is ready, and ends when it is asked to.
trap 'exit 0' TERM
echo ready
sleep infinity & wait
