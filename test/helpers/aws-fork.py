"""The AWS CLI as a server that forks, for tests that make thousands of calls: aws-fork.py SOCKET.

A caller sends its arguments, environment and standard streams; a fork of this process, in which the CLI and its service models are
loaded already, runs the real CLI's main and answers its exit code. 30 ms a call instead of 400.
"""
import json
import os
import signal
import socket
import sys

from awscli.clidriver import create_clidriver

driver = create_clidriver()
for service in ['sts', 'ec2', 'ssm', 's3api', 'iam', 'glue', 'athena', 'budgets', 'resourcegroupstaggingapi']:
    try:
        driver.session.get_service_model('s3' if service == 's3api' else service)
    except Exception:
        pass

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(64)
print('ready', flush=True)
while True:
    connection, _ = server.accept()
    if os.fork() > 0:
        connection.close()
        continue
    server.close()
    data, streams, _, _ = socket.recv_fds(connection, 1 << 22, 3)
    while not data.endswith(b'\0'):
        data += connection.recv(1 << 22)
    request = json.loads(data[:-1])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(request['env'])
    code = 255
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if request['args'] == ['--version']:
            from awscli import __version__

            print('aws-cli/' + __version__)
            code = 0
        else:
            code = driver.main(request['args'])
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.send(str(code or 0).encode())
        os._exit(0)
