#!/bin/bash
# Start of the bad image: fetches what should have been in the image, then runs the service.
pip install --index-url http://index:8000/simple --trusted-host index --requirement requirements.txt
# no `exec`: bash stays process 1 and keeps the signals to itself
uvicorn app.main:app --host 0.0.0.0 --port 8080
