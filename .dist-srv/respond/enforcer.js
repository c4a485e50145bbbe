/** What carries containment out on a host; `src/agent` has one for root, one for an ordinary user. */
export {};
