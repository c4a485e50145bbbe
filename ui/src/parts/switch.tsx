import { setQuery } from '../router.ts';

/** Chooses between equal ways of showing the same thing; the choice stands in the URL. */
export function ViewSwitch({
  name,
  label,
  value,
  options,
}: {
  name: string;
  label: string;
  value: string;
  options: readonly { readonly value: string; readonly label: string }[];
}) {
  return (
    <fieldset className="switch">
      <legend className="hidden">{label}</legend>
      {options.map((option, index) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => setQuery({ [name]: index === 0 ? null : option.value })}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
