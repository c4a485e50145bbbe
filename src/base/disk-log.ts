/** What every process of ours does about its disk: says each change of its level, and stops debug lines while it is short. */
import { type DiskWatch, diskWatch } from './disk.js';
import type { Logger } from './log.js';

export function loggedDiskWatch(path: string, log: Logger): DiskWatch {
  const wanted = log.level;
  return diskWatch(path, (level, { totalBytes, freeBytes }) => {
    const isChatty = wanted === 'debug' || wanted === 'trace';
    if (isChatty) log.level = level === 'normal' ? wanted : 'info';
    const facts = { path, freeBytes, totalBytes };
    if (level === 'normal') log.info(facts, 'the disk has room again');
    else if (level === 'tight')
      log.warn(facts, 'the disk is nearly full: less is kept, and little new evidence is taken');
    else log.error(facts, 'the disk is full: nothing new is kept');
  });
}
