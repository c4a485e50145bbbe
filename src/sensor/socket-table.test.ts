import { expect, test } from 'vitest';
import { parseSocketTable } from './socket-table.js';

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (local: string, peer: string, state: string, inode: string) =>
  `   0: ${local} ${peer} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0`;

test('reads v4, v6 and mapped addresses and the states that matter', () => {
  const rows = parseSocketTable(
    [
      head,
      line('0100007F:1F90', '00000000:0000', '0A', '11'),
      line('00000000000000000000000001000000:0050', 'B80D0120000000000000000001000000:C001', '01', '12'),
      line('0000000000000000FFFF00000100007F:0016', '0000000000000000FFFF00000200007F:0017', '02', '13'),
      'garbage',
      '',
    ].join('\n'),
  );
  expect(rows).toEqual([
    {
      local: { address: '127.0.0.1', port: 8080 },
      peer: { address: '0.0.0.0', port: 0 },
      state: 'listen',
      inode: '11',
    },
    {
      local: { address: '::1', port: 80 },
      peer: { address: '2001:db8::1', port: 49153 },
      state: 'established',
      inode: '12',
    },
    {
      local: { address: '127.0.0.1', port: 22 },
      peer: { address: '127.0.0.2', port: 23 },
      state: 'connecting',
      inode: '13',
    },
  ]);
});
