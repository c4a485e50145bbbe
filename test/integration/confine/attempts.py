"""Everything a hostile workload might try to go around its sidecar. Prints one JSON object: name -> outcome."""
import ctypes, errno, json, os, socket, subprocess, sys

facts = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
outcome = {}


def attempt(name):
    def run(body):
        try:
            outcome[name] = str(body())
        except OSError as error:
            outcome[name] = 'refused ' + errno.errorcode.get(error.errno, str(error))
        except Exception as error:
            outcome[name] = 'refused ' + type(error).__name__
    return run


def call(number_or_name, *args):
    result = getattr(libc, number_or_name)(*args)
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return 'through'


def program(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    return 'through' if done.returncode == 0 else 'refused status'


def tcp(address, port, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(10)
        s.connect((address, port))
        return s.recv(64).decode()


def unix(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(10)
        s.connect(path)
        return s.recv(64).decode()


@attempt('flush nftables')
def _(): return program('nft', 'flush', 'ruleset')
@attempt('change routes')
def _(): return program('ip', 'route', 'del', 'local', 'default', 'dev', 'lo')
@attempt('enter the host network by nsenter')
def _(): return program('nsenter', '-t', '1', '-n', 'true')
@attempt('enter the host network by setns')
def _():
    with open('/proc/%d/ns/net' % facts['neighbour']) as f:
        return call('setns', f.fileno(), 0)
@attempt('make namespaces')
def _(): return program('unshare', '-Urn', 'true')
@attempt('mount')
def _(): return call('mount', b'none', b'/mnt', b'tmpfs', 0, None)
@attempt('unmount the cover of /run')
def _(): return call('umount2', b'/run', 2)
@attempt('chroot')
def _(): return call('chroot', b'/tmp')
@attempt('host socket in /tmp')
def _(): return unix(facts['unixTmp'])
@attempt('host socket elsewhere')
def _(): return unix(facts['unixElsewhere'])
@attempt('abstract host socket')
def _():
    name = '\0' + facts['abstract']
    try:
        return unix(name)
    except OSError:
        return unix(name.ljust(108, '\0'))  # Node 20 fills the name up
@attempt('docker socket')
def _(): return unix('/var/run/docker.sock')
@attempt('raw socket')
def _():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    return 'through'
@attempt('packet socket')
def _():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    return 'through'
@attempt('host listener on loopback')
def _(): return tcp('127.0.0.1', facts['tcp'])
@attempt('host listener on IPv6 loopback')
def _(): return tcp('::1', facts['tcp6'], socket.AF_INET6)
@attempt('IPv6 elsewhere')
def _(): return tcp('2001:db8::1', 80, socket.AF_INET6)
@attempt('UDP to the host')
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect(('127.0.0.1', facts['udp']))
        s.send(b'ping')
        return s.recv(64).decode()
@attempt('UDP elsewhere')
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect(('192.0.2.1', 53))
        s.send(b'ping')
        return s.recv(64).decode()
@attempt('metadata address')
def _(): return tcp('169.254.169.254', 80)
@attempt('any address')
def _(): return tcp('192.0.2.77', 443)
@attempt('declared peer by name')
def _(): return tcp('db.internal', 5432)
@attempt('declared peer on loopback')
def _(): return tcp('127.0.0.1', 5433)
@attempt('set-user-id program')
def _(): return subprocess.run([facts['setuid'], '-u'], stdout=subprocess.PIPE).stdout.decode().strip()
@attempt('become root')
def _(): return call('setuid', 0)
@attempt('trace a process of the same user')
def _(): return call('ptrace', 16, facts['neighbour'], None, None)
@attempt('read its memory')
def _():
    with open('/proc/%d/mem' % facts['neighbour'], 'rb'):
        return 'through'
@attempt('reach the host through its root')
def _():
    os.listdir('/proc/%d/root/' % facts['neighbour'])
    return 'through'
@attempt('trace the inlet')
def _(): return call('ptrace', 16, facts['inlet'], None, None) if facts['inlet'] else 'refused none'
@attempt('take a descriptor of the inlet')
def _():
    return 'through ' + os.readlink('/proc/%d/fd/3' % facts['inlet'])
@attempt('read the data directory')
def _():
    with open(facts['secret']) as f:
        return f.read()
@attempt('climb out of the working directory')
def _():
    return 'through' if facts['climb'] in os.listdir('..') else 'refused hidden'
@attempt('leave the cgroup')
def _():
    with open(facts['cgroupRoot'] + '/cgroup.procs', 'w') as f:
        f.write('0')
        f.flush()
    return 'through'
@attempt('type into the terminal')
def _():
    import fcntl, termios
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSTI, b'x')
    return 'through'

status = open('/proc/self/status').read()
outcome['status'] = {line.split(':')[0]: line.split(':')[1].strip() for line in status.splitlines() if line.split(':')[0] in
                     ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Groups', 'Uid')}
outcome['hosts'] = open('/etc/hosts').read()
print(json.dumps(outcome))
