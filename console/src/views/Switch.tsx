/** A choice of a few, one of which holds. */
export function Switch<Name extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: [Name, string][];
  value: Name;
  onChange: (name: Name) => void;
}) {
  return (
    <div className="switch" role="group" aria-label={label}>
      {options.map(([name, text]) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => onChange(name)}>
          {text}
        </button>
      ))}
    </div>
  );
}
