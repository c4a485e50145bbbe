import { isListedFile, who } from './rule.js';
const places = /^\/(?:etc\/(?:cron(?:tab|\.[^/]+)|init\.d|systemd|profile(?:\.d)?|ld\.so\.preload|passwd|sudoers(?:\.d)?|rc\.local|pam\.d)(?:$|\/)|var\/spool\/cron\/|(?:root|home\/[^/]+)\/(?:\.(?:bashrc|profile|bash_profile|zshrc)$|\.ssh\/authorized_keys$|\.config\/(?:systemd|autostart)\/))/;
export const persistenceWrite = {
    id: 'RT-008',
    title: 'A file that is run at start or log-in was written',
    layer: 'runtime',
    severity: 'high',
    tactic: 'TA0003',
    technique: 'T1543',
    description: 'A service wrote where programs are started from: cron, systemd, shell profiles, authorised keys.',
    kinds: ['open'],
    match(observation, context) {
        const { event } = observation;
        if (event.kind !== 'open' || !event.write || !places.test(event.path))
            return undefined;
        if (isListedFile(event.path, 'write', context))
            return undefined;
        const tried = event.failed === true ? 'tried to write' : 'wrote';
        return {
            title: `${who(observation)} ${tried} a file that is run at start or log-in`,
            detail: event.path,
            ...(event.failed === true ? { severity: 'medium' } : {}),
        };
    },
    examples: {
        hit: [
            [{ kind: 'open', path: '/etc/cron.d/x', write: true }],
            [{ kind: 'open', path: '/root/.ssh/authorized_keys', write: true }],
            [{ kind: 'open', path: '/etc/ld.so.preload', write: true, failed: true }],
        ],
        miss: [
            { kind: 'open', path: '/etc/cron.d/x', write: false },
            { kind: 'open', path: '/var/lib/app/profile.d', write: true },
        ],
    },
};
