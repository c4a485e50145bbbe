import type { CoveredService } from '../../../../src/server/api-types.ts';
import { count, plural, visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { CordLine, cordOfHold } from '../../parts/cord.tsx';
import { Identity } from '../../parts/identity.tsx';
import { layerNames } from '../../parts/layer.tsx';
import { Link } from '../../parts/link.tsx';
import { HoldWord } from '../../parts/words.tsx';
import { Scroll } from '../../parts/scroll.tsx';

export function Services({ services }: { readonly services: readonly CoveredService[] }) {
  return (
    <Scroll label="How each service is held, as a table">
      <table className="services">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Held on three layers</th>
            <th scope="col">Identity</th>
          </tr>
        </thead>
        <tbody>
          {services.map((service) => (
            <ServiceRow key={service.service} service={service} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function ServiceRow({ service }: { readonly service: CoveredService }) {
  const { contract } = service;
  return (
    <tr>
      <th scope="row">
        <Link
          to={`/map?node=${encodeURIComponent(service.service === 'gateway' ? 'gateway' : `service:${service.service}`)}`}
          className="name"
        >
          {service.service}
        </Link>
        <span className="sub block">
          {contract === null ? 'no contract' : `v${contract.version}`}
          {', '}
          {service.workloads === 0 ? 'not running' : plural(service.workloads, 'replica')}
        </span>
        {service.hosts.length > 0 && <span className="sub block">{service.hosts.slice(0, 3).join(', ')}</span>}
        {service.openIncident !== null && (
          <Link to={`/incidents/${service.openIncident}`} className="alarm">
            {service.openIncident} is open
          </Link>
        )}
      </th>
      <td>
        <ul className="holds">
          {service.holds.map(({ layer, hold, reason }, index) => (
            <li key={layer}>
              <span className="hold-layer">{layerNames[layer]}</span>
              <CordLine layer={layer} state={cordOfHold(hold)} width={108} />
              <HoldWord hold={hold} />
              {hold !== 'enforced' && (
                <span className="sub why">
                  {reason === service.holds[index - 1]?.reason ? 'for the same reason' : visible(reason, 240)}
                </span>
              )}
            </li>
          ))}
        </ul>
        <Waiting service={service} />
      </td>
      <td>
        <Identity id={service.identity} />
        <Attributes attributes={service.attributes} />
      </td>
    </tr>
  );
}

/** What somebody could decide about this service now. */
function Waiting({ service }: { readonly service: CoveredService }) {
  if (service.proposal !== null) {
    return (
      <p className="waiting">
        <span className="sub">Proposed contract v{service.proposal} waits for approval.</span>{' '}
        <Command text={`tricordon contract diff ${service.service}`} />
      </p>
    );
  }
  if (service.learned > 0 && service.holds.some(({ hold }) => hold === 'learning')) {
    return (
      <p className="waiting">
        <span className="sub">Learned from {count(service.learned)} observations.</span>{' '}
        <Command text={`tricordon contract diff ${service.service}`} />
      </p>
    );
  }
  return null;
}

function Attributes({ attributes }: { readonly attributes: CoveredService['attributes'] }) {
  const entries = Object.entries(attributes).slice(0, 8);
  if (entries.length === 0) return null;
  return (
    <details>
      <summary>{plural(entries.length, 'signed attribute')}</summary>
      <dl className="attributes">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{visible(name, 64)}</dt>
            <dd className="mono wrap">{visible(value, 120)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
