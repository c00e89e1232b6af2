"""Every operation of REST v1, as the unmodified `twilio` library asks for it, against Twilio's own specification.

`specification.py` reads Twilio's file, `recorder.py` is the library's HTTP client that looks at each answer, `stage.py`
is where scenarios play, one module for each group of resources, and `run.py` plays them all.
"""
