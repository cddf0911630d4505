import { DatePicker } from 'antd';
import dayjs from 'dayjs';

interface DateFieldProps {
  label: string;
  placeholder?: string;
  value?: string; // YYYY-MM-DD
  min?: string;
  max?: string;
  clear?: boolean;
  onChange: (day: string | undefined) => void;
}

/** DateField picks a civil day; the day is text in the address and here. */
export function DateField({ label, placeholder, value, min, max, clear, onChange }: DateFieldProps) {
  return (
    <DatePicker
      aria-label={label}
      placeholder={placeholder ?? label}
      value={value ? dayjs(value) : null}
      allowClear={clear ?? false}
      inputReadOnly
      style={{ width: 142 }}
      disabledDate={(d) => (!!max && d.format('YYYY-MM-DD') > max) || (!!min && d.format('YYYY-MM-DD') < min)}
      onChange={(d) => onChange(d ? d.format('YYYY-MM-DD') : undefined)}
    />
  );
}
