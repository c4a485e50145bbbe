import { busConformance } from '../../../test/integration/store/bus-conformance.js';
import { fakeBus } from './fake-bus.js';

busConformance('the fake', async (settings) => ({ bus: fakeBus(settings), dispose: async () => {} }));
