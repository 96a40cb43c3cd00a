"""The world of targets, called.

- By HTTP: http, client; who we are: authority, aws, signatures, secrets.
- A program of this machine: command.
"""
