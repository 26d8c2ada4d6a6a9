"""Reads strace's output of a server: was a label on disk before its submission was answered? Standard library only."""

import re

# What one client's submissions need: the requests, the write-ahead log, its syncs, the answers.
SYSTEM_CALLS = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync"
# Longer than a page of the database, so that a page that goes into the log is seen whole.
TEXT_LENGTH = 4200

# A line is "THREAD call(…) = result"; where other threads came between, "THREAD call(… <unfinished ...>" and, later,
# "THREAD <... call resumed>…) = result". What is read stands where a call ends, what is written where it begins.
REQUEST = re.compile(r'^\d+\s+(?:<\.\.\. )?(?:read|readv|recvfrom|recvmsg)\b.*"POST /api/v1/tasks/[^/ "]+/submit ')
ANSWER = re.compile(r'^\d+\s+(?:write|writev|sendto|sendmsg)\(.*\\"submission\\"\s*:\s*(\d+)')
LOG = r"\(\d+<[^>]*plumb\.sqlite-wal>"
LOG_WRITE = re.compile(rf"^\d+\s+(?:write|pwrite64){LOG}")
SYNC = re.compile(rf"^(\d+)\s+(?:fsync|fdatasync){LOG}.*?(?:(<unfinished \.\.\.>)|= (-?\d+))")
SYNC_ENDS = re.compile(r"^(\d+)\s+<\.\.\. (?:fsync|fdatasync) resumed>.*= (-?\d+)")


def exchanges(lines):
    """For each answered submission of one client: its label, and the lines from the reading of the request to the answer."""
    begun = None
    for line in lines:
        if REQUEST.search(line):
            begun = []
        elif begun is not None:
            answer = ANSWER.search(line)
            if answer:
                yield int(answer.group(1)), begun
                begun = None
            else:
                begun.append(line)


def is_synced(lines, public_id):
    """Whether within these lines the label went into the log, and a sync of the log that began after that ended well.

    Syncs from before, those of other transactions and those that are still under way count nothing: the label's own name, which
    is drawn when it is submitted, must have been written when the sync began.
    """
    written, under_way = False, set()
    for line in lines:
        sync, ends = SYNC.search(line), SYNC_ENDS.search(line)
        if LOG_WRITE.search(line):
            written = written or public_id in line
        elif sync and written:
            if sync.group(2):
                under_way.add(sync.group(1))
            elif sync.group(3) == "0":
                return True
        elif ends and ends.group(1) in under_way:
            under_way.discard(ends.group(1))
            if ends.group(2) == "0":
                return True
    return False
