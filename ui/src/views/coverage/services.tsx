import type { CoveredService, Hold } from '../../../../src/server/api-types.ts';
import { count, plural, shortDigest, visible } from '../../format.ts';
import { Cord, ShownWord } from '../../parts/cord.tsx';
import { Command } from '../../parts/command.tsx';
import { Identity } from '../../parts/identity.tsx';
import { Link } from '../../parts/link.tsx';
import { Live } from '../../parts/live.tsx';
import { Hostile } from '../../parts/text.tsx';
import { holdShown, layerNames, layers } from '../../words.ts';

/** How the contract holds each service, layer by layer. */
export function Services({ services }: { services: readonly CoveredService[] }) {
  return (
    <div className="scroll">
      <table className="rows services">
        <thead>
          <tr>
            <th scope="col">Service</th>
            {layers.map((layer) => (
              <th scope="col" key={layer}>
                {layerNames[layer]}
              </th>
            ))}
            <th scope="col">Identity</th>
          </tr>
        </thead>
        <tbody>
          {services.map((service) => (
            <tr key={service.service}>
              <th scope="row" data-label="Service">
                <Link to={`/map?select=${encodeURIComponent(`service:${service.service}`)}`}>{service.service}</Link>
                <Contract service={service} />
                {service.openIncident !== null && (
                  <Link to={`/incidents/${service.openIncident}`} className="ink-bad">
                    {service.openIncident}, open
                  </Link>
                )}
              </th>
              {layers.map((layer) => (
                <td key={layer} data-label={layerNames[layer]} className="hold">
                  <HoldCell hold={service.holds.find((one) => one.layer === layer)} />
                </td>
              ))}
              <td data-label="Identity">
                <Identity id={service.identity} />
                <span className="faint">
                  {plural(service.workloads, 'workload')}
                  {service.hosts.length > 0 && ` on ${service.hosts.map((host) => visible(host, 40)).join(', ')}`}
                </span>
                <Attested attributes={service.attributes} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Contract({ service }: { service: CoveredService }) {
  if (service.contract === null) return <span className="ink-bad">no contract: nothing gets through</span>;
  return (
    <>
      <span className="faint" title={service.contract.digest}>
        contract v{service.contract.version}
        {service.learned > 0 && `, ${count(service.learned)} events learned`}
      </span>
      {service.proposal !== null && (
        <span className="proposal">
          v{service.proposal} waits for approval <Command text={`tricordon contract diff ${service.service}`} />
        </span>
      )}
    </>
  );
}

function HoldCell({ hold }: { hold: Hold | undefined }) {
  if (hold === undefined) return <span className="faint">not said</span>;
  const shown = holdShown[hold.hold];
  return (
    <>
      <Cord layer={hold.layer} shown={shown} />
      <Live value={hold.hold}>
        <ShownWord shown={shown} />
      </Live>
      {/* What holds as it should needs no reason. */}
      {hold.hold !== 'enforced' && (
        <span className="faint">
          <Hostile text={hold.reason} limit={200} />
        </span>
      )}
    </>
  );
}

/** At most three attested facts; the rest is on the map's side panel. */
function Attested({ attributes }: { attributes: Readonly<Record<string, string>> }) {
  const facts = Object.entries(attributes).slice(0, 3);
  if (facts.length === 0) return null;
  return (
    <span className="faint">
      {facts
        .map(
          ([name, value]) =>
            `${visible(name, 40)} ${value.startsWith('sha256:') ? shortDigest(value) : visible(value, 60)}`,
        )
        .join(', ')}
    </span>
  );
}
