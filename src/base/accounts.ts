import { readFileSync } from 'node:fs';

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** Looks an account up in /etc/passwd (passwd(5)); undefined if it is not there. */
export function accountNamed(name: string): Account | undefined {
  return accounts().find((account) => account.name === name);
}

function accounts(): Account[] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [name, , uid, gid] = line.split(':');
        return name === undefined || uid === undefined || gid === undefined
          ? []
          : [{ name, uid: Number(uid), gid: Number(gid) }];
      });
  } catch {
    return [];
  }
}
