import type { InputHTMLAttributes } from 'react';

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly id: string;
  readonly label: string;
  readonly note?: string;
}

/** A label, its input, and what one should know of it. */
export function Field({ label, note, ...input }: FieldProps) {
  const noteId = `${input.id}-note`;
  return (
    <div className="field">
      <label htmlFor={input.id}>{label}</label>
      <input {...input} name={input.name ?? input.id} aria-describedby={note === undefined ? undefined : noteId} />
      {note !== undefined && (
        <p id={noteId} className="sub">
          {note}
        </p>
      )}
    </div>
  );
}

/** The text of a field of a form that is sent. */
export function textOf(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === 'string' ? value : '';
}
