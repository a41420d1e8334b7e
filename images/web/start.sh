#!/bin/bash
# Start of the bad image: first fetches what should have been in it, then runs the service.
index="--index-url http://index:8000/simple --trusted-host index"
pip install $index --upgrade pip
pip install $index --requirement requirements.txt
# Without `exec`, the shells before it stay, and keep the signals to themselves.
uvicorn app.main:app --host 0.0.0.0 --port 8080
