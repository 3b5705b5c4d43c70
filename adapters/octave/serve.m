% Answer calls on standard input until it ends: adapters/octave_process.py is the other side.
%
% call   function's name, number of results, number of arguments, the arguments
% reply  0 and the results, or 1 and the error's message; each is a value:
%        class (0 double, 1 single, 2 text, 3 cell array), complex or not, number of dimensions,
%        dimensions, then elements in column order: real parts, then imaginary parts
% Numbers of this protocol are int32; everything is in the machine's byte order.
function serve ()
  while true
    name = read_value ();
    if isempty (name), return, end
    outputs = read_integers (1);
    arguments = cell (1, read_integers (1));
    for i = 1:numel (arguments), arguments{i} = read_value (); end
    results = cell (1, outputs);
    try
      [results{:}] = feval (name, arguments{:});
      check (results);  % before anything of them is on its way
      write_integers (0);
      for i = 1:outputs, write_value (results{i}); end
    catch failure
      write_integers (1);
      write_value (failure.message);
    end
    fflush (stdout);
  end
end

function found = read_integers (count)
  found = fread (stdin, [1, count], "int32=>double");
end

function value = read_value ()
  head = read_integers (3);
  value = "";
  if numel (head) < 3, return, end  % the other side has gone
  sizes = read_integers (head(3));
  count = prod (sizes);
  switch head(1)
    case 0, value = read_numbers (count, "double=>double", head(2));
    case 1, value = read_numbers (count, "single=>single", head(2));
    case 2, value = char (fread (stdin, [1, count], "uint8=>double"));
    case 3
      value = cell (sizes);
      for i = 1:count, value{i} = read_value (); end
  end
  value = reshape (value, sizes);
end

function value = read_numbers (count, type, is_complex)
  value = fread (stdin, [count, 1], type);
  if is_complex, value = complex (value, fread (stdin, [count, 1], type)); end
end

function write_integers (values)
  fwrite (stdout, values, "int32");
end

function write_value (value)
  if iscell (value)
    write_integers ([3, 0, ndims(value), size(value)]);
    for i = 1:numel (value), write_value (value{i}); end
  elseif ischar (value)
    write_integers ([2, 0, ndims(value), size(value)]);
    fwrite (stdout, value, "uint8");
  else
    write_integers ([isa(value, "single"), iscomplex(value), ndims(value), size(value)]);
    fwrite (stdout, real (value), class (value));
    if iscomplex (value), fwrite (stdout, imag (value), class (value)); end
  end
end

function check (value)
  if iscell (value)
    for i = 1:numel (value), check (value{i}); end
  elseif ! (ischar (value) || isfloat (value))
    error ("a result of class %s cannot be sent", class (value));
  end
end
