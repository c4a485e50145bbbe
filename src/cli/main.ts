/** Entry of the CLI: builds the command tree from the catalogue; only the chosen command's module is loaded. */
import { Command as Program, CommanderError } from 'commander';
import { catalogue, groups } from './catalogue.js';
import { type CommandSpec, outputFormats } from './command-spec.js';
import { isDiskFull } from '../base/index.js';
import { exitCodeOf, type Invocation, noSpace } from './command.js';
import { demoPlace } from './demo/location.js';
import { isLeftBehind } from './demo/leftover.js';
import { createOutput } from './output/output.js';
import { outlast } from './output/outlast.js';
import { version } from './version.js';

outlast(process);

const program = new Program('tricordon')
  .description('One least-privilege contract for every workload, over container runtime, network and API.')
  .version(version)
  .enablePositionalOptions()
  .showHelpAfterError('(see tricordon --help)')
  .exitOverride()
  .configureHelp({ subcommandTerm: (command) => command.name() });

const parents = new Map<string, Program>();
for (const spec of catalogue) register(spec);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 1;
  else throw error;
}

function register(spec: CommandSpec): void {
  const words = spec.name.split(' ');
  const name = words.pop() ?? spec.name;
  const command = (words[0] === undefined ? program : parentOf(words[0])).command(name).description(spec.summary);
  command.exitOverride();
  for (const argument of spec.arguments ?? []) command.argument(argument.name, argument.description);
  for (const option of spec.options ?? []) {
    if (option.repeatable === true)
      command.option(option.flags, option.description, (value: string, all: string[] = []) => [...all, value]);
    else command.option(option.flags, option.description, option.default);
  }
  const formats = outputFormats(spec);
  command.option('-o, --output <format>', formats.join(' or '), 'table');
  if (spec.passThrough === true) command.passThroughOptions();
  command.action(async (...received: unknown[]) => {
    const options = command.opts();
    const output = createOutput(options['output'] !== 'table');
    try {
      if (!formats.includes(String(options['output']))) throw new Error(`\`--output\` takes ${formats.join(' or ')}`);
      const invocation: Invocation = {
        arguments: received
          .slice(0, -2)
          .flat()
          .filter((value) => typeof value === 'string'),
        options,
        output,
      };
      if (isLeftBehind(demoPlace().base, process.argv)) {
        const { sweep } = await import('./commands/demo.js');
        await sweep(demoPlace(), output.progress);
      }
      const { command: run } = await spec.load();
      process.exitCode = await run(invocation);
    } catch (error) {
      output.error(isDiskFull(error) ? noSpace(error) : error);
      process.exitCode = exitCodeOf(error);
    }
  });
}

function parentOf(name: string): Program {
  const known = parents.get(name);
  if (known !== undefined) return known;
  const parent = program.command(name).description(groups[name] ?? name);
  parents.set(name, parent);
  return parent;
}
