const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
const longest = 8;
/** `undefined`: too few bytes to tell. Methods outside RFC 9110 and RFC 5789 are not looked for. */
export function protocolOf(bytes) {
    const text = bytes.toString('latin1', 0, longest);
    for (const method of methods) {
        const wanted = `${method} `;
        if (text.startsWith(wanted))
            return 'http';
        if (wanted.startsWith(text))
            return undefined;
    }
    return 'opaque';
}
/**
 * Waits for enough bytes, or for `silence.ms` without enough of them, or the caller's end; then calls `decided`
 * once, with what was read and the socket paused.
 *
 * @param silence what a caller is taken for that sends nothing: `opaque` when the server may speak first
 */
export function sniff(socket, silence, decided) {
    let first;
    const timer = setTimeout(() => settle(silence.as), silence.ms);
    const onData = (chunk) => {
        first = first === undefined ? chunk : Buffer.concat([first, chunk]);
        const protocol = protocolOf(first);
        if (protocol !== undefined)
            settle(protocol);
    };
    const onEnd = () => settle('opaque');
    const onGone = () => {
        clearTimeout(timer);
        socket.destroy();
    };
    socket.on('data', onData);
    socket.once('end', onEnd);
    socket.once('error', onGone);
    socket.once('close', onGone);
    function settle(protocol) {
        clearTimeout(timer);
        socket.pause();
        socket.off('data', onData);
        socket.off('end', onEnd);
        socket.off('error', onGone);
        socket.off('close', onGone);
        decided(protocol, first);
    }
}
