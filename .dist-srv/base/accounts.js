import { readFileSync } from 'node:fs';
/** Looks an account up in /etc/passwd (passwd(5)); undefined if it is not there. */
export function accountNamed(name) {
    return accounts().find((account) => account.name === name);
}
function accounts() {
    try {
        return readFileSync('/etc/passwd', 'utf8')
            .split('\n')
            .flatMap((line) => {
            const [name, , uid, gid] = line.split(':');
            return name === undefined || uid === undefined || gid === undefined
                ? []
                : [{ name, uid: Number(uid), gid: Number(gid) }];
        });
    }
    catch {
        return [];
    }
}
