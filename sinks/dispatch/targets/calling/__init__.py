"""The world of targets, called.

- By HTTP: http, client, and the addresses it may reach; who we are: authority, aws, signatures, secrets.
- A program of this machine: command.
"""
