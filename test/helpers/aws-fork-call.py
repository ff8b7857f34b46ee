"""Calls aws-fork.py: `AWS_FORK=SOCKET aws-fork-call.py ARGS...` behaves as `aws ARGS...`.

Imports nothing but built-in modules, because it starts thousands of times: arguments and environment go as words parted by NUL, their length before them.
"""
import posix
import sys
import _socket

connection = _socket.socket(_socket.AF_UNIX)
connection.connect(posix.environ[b'AWS_FORK'])
arguments = [word.encode('utf-8', 'surrogateescape') for word in sys.argv[1:]]
environment = [name + b'=' + value for name, value in posix.environ.items()]
request = b'\0'.join([b'%d' % len(arguments), *arguments, *environment])
streams = b''.join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
connection.sendmsg([b'%010d' % len(request)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
connection.sendall(request)
sys.exit(int(connection.recv(16) or b'255'))
