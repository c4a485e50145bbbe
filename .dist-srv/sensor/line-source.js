/**
 * Where bpftrace's output comes from: a child of this process (root), or the privileged helper that runs it and relays its
 * lines. Nobody hands over a script: the side that holds root builds it from the selection.
 */
export {};
