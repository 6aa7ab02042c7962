"""Artifacts go from pod to pod through a depot: a folder, an SFTP server, or a bucket.

    <kind>/<digest>/...                      an artifact's files, `manifest.json` written last
    heads/<name>/<sequence>-<digest>.json    what a name stands for; the last one is in force
    parts/...                                files that are still on their way

The depot is trusted with nothing: every file is checked against its manifest, and the manifest
against the digest it was asked for, before a pod's own store shows anything of it.
"""
