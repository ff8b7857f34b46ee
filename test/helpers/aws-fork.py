"""The AWS CLI as a server that forks, for tests that make thousands of calls: aws-fork.py SOCKET.

A caller sends its arguments, environment and standard streams; a fork of this process, in which the CLI and its service models are
loaded already, runs the real CLI's main and answers its exit code. 40 ms of a processor's time a call instead of 400.
"""
import gc
import os
import signal
import socket
import sys

from awscli.clidriver import create_clidriver

driver = create_clidriver()
session = driver.session
commands = driver._get_command_table()
# what a call loads and never changes: models, endpoint rules, pages and waiters, the tables of commands
for service in ['sts', 'ec2', 'ssm', 's3', 'iam', 'glue', 'athena', 'budgets', 'resourcegroupstaggingapi']:
    try:
        where = {'region_name': 'us-east-1', 'endpoint_url': 'http://127.0.0.1:9'}
        session.create_client(service, aws_access_key_id='x', aws_secret_access_key='x', **where)
        for kind in ['paginators-1', 'waiters-2']:
            session.get_component('data_loader').load_service_model(service, kind)
    except Exception:
        pass
    commands['s3api' if service == 's3' else service]._get_command_table()
# the caller has a configuration of its own
session._config = session._profile_map = None
gc.freeze()

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
    data, streams, _, _ = socket.recv_fds(connection, 10, 3)
    length = int(data + connection.recv(10 - len(data), socket.MSG_WAITALL))
    count, *words = os.fsdecode(connection.recv(length, socket.MSG_WAITALL)).split('\0')
    args, environment = words[: int(count)], words[int(count) :]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(line.split('=', 1) for line in environment)
    code = 255
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if args == ['--version']:
            from awscli import __version__

            print('aws-cli/' + __version__)
            code = 0
        else:
            code = driver.main(args)
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.send(str(code or 0).encode())
        os._exit(0)
