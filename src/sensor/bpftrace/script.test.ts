import { expect, test } from 'vitest';
import { bpftraceArguments, bpftraceScript, type KernelFeatures } from './script.js';

const kernel: KernelFeatures = {
  tracepoints: new Set([
    'sched:sched_process_exec',
    'syscalls:sys_enter_openat',
    'syscalls:sys_exit_openat',
    'raw_syscalls:sys_enter',
  ]),
  kernfsParent: 'parent',
};

test('selects by the ids of parent cgroups and follows the name the kernel gives the parent', () => {
  const script = bpftraceScript({ parents: ['44', '18446744073709'], containers: false }, kernel);
  expect(script).toContain('$k1->id == 44');
  expect(script).toContain('->parent)');
  expect(script).not.toContain('__parent');
  expect(script).not.toContain('PARENT');
  expect(script).not.toContain('72656b636f64');
});

test('watches containers only when asked', () => {
  expect(bpftraceScript({ parents: [], containers: true }, kernel)).toContain('0x2d72656b636f64');
});

test('uses no tracepoint that this kernel lacks', () => {
  const script = bpftraceScript({ parents: ['1'], containers: false }, kernel);
  expect(script).toContain('tracepoint:syscalls:sys_exit_openat');
  expect(script).not.toContain('sys_enter_open ');
  expect(script).not.toContain('sys_exit_connect');
  expect(script.trim().split('\n').at(-1)).toMatch(/^END/);
});

test('refuses an id that is not a number: nothing else may become part of the script', () => {
  for (const id of ['', '0', '-1', '1; system("id")', '1\n', '99999999999999999999']) {
    expect(() => bpftraceScript({ parents: [id], containers: false }, kernel)).toThrow(
      expect.objectContaining({ code: 'sensor-selection' }),
    );
  }
});

test('asks for JSON, without which a line end in a name would begin a row', () => {
  expect(bpftraceArguments('x').slice(0, 2)).toEqual(['-f', 'json']);
});
