// Every engine has to give the same answers before any is measured.

/**
 * Answers are the clause that allows a request, or null; both lists in the order of `requests`.
 *
 * @throws Error that names the first request about which the two differ.
 */
export function agree({ engine, requests, expected, got }) {
  if (got.length !== expected.length) {
    throw new Error(`${engine} answers ${got.length} of ${expected.length} requests`);
  }
  const at = expected.findIndex((clause, index) => clause !== got[index]);
  if (at < 0) return;
  const { caller, method, path } = requests[at];
  const words = (clause) => (clause === null ? 'a deny' : `an allow by ${clause}`);
  throw new Error(
    `${engine} disagrees on ${caller} ${method} ${path}: expected ${words(expected[at])}, got ${words(got[at])}`,
  );
}
