"""The chat application: accounts, log-in, tokens and rooms, over REST and nothing else.

It never imports the Conversations service (design: law 1), so it works the same against Twilio's cloud.
"""
