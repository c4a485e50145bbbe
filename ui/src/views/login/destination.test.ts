import { expect, it } from 'vitest';
import { destination, doorFrom } from './destination.ts';

it('leads back to the page that was asked for', () => {
  expect(destination('?to=%2Fincidents%2FINC-42%3Fstep%3D3')).toBe('/incidents/INC-42?step=3');
  expect(doorFrom('/map?node=service:orders')).toBe('/login?to=%2Fmap%3Fnode%3Dservice%3Aorders');
  expect(destination(doorFrom('/map?node=service:orders').slice('/login'.length))).toBe('/map?node=service:orders');
  expect([doorFrom('/'), doorFrom('/login')]).toEqual(['/login', '/login']);
});

it.each([
  '',
  '?to=',
  '?to=https://evil.example/',
  '?to=//evil.example/map',
  '?to=/%5Cevil.example',
  '?to=javascript:alert(1)',
  '?to=/login',
  '?to=/nothing/here',
  '?to=map',
])('never leads elsewhere: %s', (query) => {
  expect(destination(query)).toBe('/coverage');
});
