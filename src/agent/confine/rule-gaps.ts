/** Where the kernel's rules are not exactly what the contract says, in plain words, each kind once with examples. */

export interface Gap {
  readonly what: string;
  readonly fix: string | null;
}

const texts = {
  from: 'the kernel does not ask who starts a program, so `from` is watched, not refused',
  pattern: 'a pattern with `**` in its middle or with too many matches is held as its whole folder',
  folder: 'in a folder in which a listed file is written, every file may be written, read and removed',
  listing: 'who may list a folder may list those beneath it',
  loader: 'no files are listed, so a program can be started through the dynamic loader',
  'process-files': 'a file of a process that may be written can be written in every process the account owns',
  deny: 'a denied file beneath an allowed folder is watched, not refused',
  'deny-unmanaged': 'a deny without a list of what is allowed is watched, not refused',
  missing: 'listed, but not there when the command started: refused until it is started anew',
  refer: 'this kernel refuses every move of a file between folders',
  truncate: 'this kernel does not refuse cutting a file',
} as const;

const fixes: Partial<Record<keyof typeof texts, string>> = {
  loader: 'list `files` in the contract',
  'deny-unmanaged': 'list `executables` and `files` in the contract',
  refer: 'Linux 5.19 or newer',
  truncate: 'Linux 6.2 or newer',
};

export class RuleGaps {
  readonly #found = new Map<keyof typeof texts, Set<string>>();

  add(kind: keyof typeof texts, subject: string): void {
    const subjects = this.#found.get(kind) ?? new Set();
    subjects.add(subject);
    this.#found.set(kind, subjects);
  }

  all(): readonly Gap[] {
    return [...this.#found].map(([kind, subjects]) => {
      const shown = [...subjects]
        .sort()
        .slice(0, 3)
        .map((subject) => (subject.length > 120 ? `${subject.slice(0, 119)}…` : subject));
      const more = subjects.size > shown.length ? ` and ${subjects.size - shown.length} more` : '';
      return { what: `${texts[kind]} (${shown.join(', ')}${more})`, fix: fixes[kind] ?? null };
    });
  }
}
