% golden_vectors                        answers questions.txt in answers.golden
% golden_vectors (questions, answers)
%
% Writes down what rmspropupdate and adamupdate of this MATLAB do, bit by bit, with the inputs that
% they were given.  Run it in the folder that `conformance golden prepare` made, in MATLAB with Deep
% Learning Toolbox; send answers.golden to `conformance golden judge`.  It reads and writes these
% two files and sends nothing anywhere.  The format is described in docs/golden-vectors.md.
function golden_vectors (questions, answers)
  if nargin < 1, questions = 'questions.txt'; end
  if nargin < 2, answers = 'answers.golden'; end
  in = opened (questions, 'r');
  out = opened (answers, 'w');
  fprintf (out, '%s\n', fgetl (in));
  write_system (out);
  line = fgetl (in);
  state = struct ();
  while ischar (line)
    fprintf (out, '%s\n', line);
    words = strsplit (line, ' ');
    switch words{1}
      case 'call', state.name = words{2}; state.class = words{3};
      case 'taken', state.taken = str2double (words{2});
      case 'rates', state.rates = from_hex (words{2}, 'double');
      case 'numbers', state.numbers = num2cell (from_hex (words{2}, 'double'));
      case 'parameter'
        state.size = str2double (words(3:end));
        state.step = 0;
        state.averages = repmat ({[]}, 1, 1 + strcmp (state.name, 'adamupdate'));
      case 'value', state.value = array (words{2}, state);
      case 'averages'
        for i = 2:numel (words), state.averages{i - 1} = array (words{i}, state); end
      case 'gradient'
        [state, answer] = stepped (state, array (words{2}, state));
        fprintf (out, '%s\n', answer);
    end
    line = fgetl (in);
  end
  ask_all (out);
  fclose (in);
  fclose (out);
end

% What the pages leave open, or state and we cannot see: one call a question, its second result (the
% moving average) or the kind of error.
function ask_all (out)
  s = single (2);
  ask (out, 'complex-gradient', @() rmspropupdate (1, 3 + 4i, [], 0.1, 0.5));
  ask (out, 'complex-average', @() rmspropupdate (1, 1, 3 + 4i, 0.1, 0.5));
  ask (out, 'negative-average', @() rmspropupdate (1, 0, -4, 0.1, 0.5));
  ask (out, 'single-params', @() rmspropupdate (s, 2, [], 0.1, 0.5));
  ask (out, 'single-gradient', @() rmspropupdate (2, s, [], 0.1, 0.5));
  ask (out, 'single-average', @() rmspropupdate (2, 2, s, 0.1, 0.5));
  ask (out, 'integer-params', @() rmspropupdate (int32 (2), int32 (2), [], 0.1, 0.5));
  ask (out, 'logical-gradient', @() rmspropupdate (2, true, [], 0.1, 0.5));
  ask (out, 'expansion', @() rmspropupdate ([1; 2], [3, 4], [], 0.1, 0.5));
  ask (out, 'default-decay', @() rmspropupdate (1, 1, []));
  ask (out, 'decay-0', @() rmspropupdate (1, 2, 1, 0.1, 0));
  ask (out, 'decay-1', @() rmspropupdate (1, 2, 1, 0.1, 1));
  ask (out, 'negative-rate', @() rmspropupdate (1, 2, 1, -0.1, 0.5));
  ask (out, 'epsilon-0', @() rmspropupdate (1, 2, 1, 0.1, 0.5, 0));
  ask (out, 'iteration-0', @() adamupdate (1, 2, [], [], 0));
  ask (out, 'iteration-fraction', @() adamupdate (1, 2, [], [], 1.5));
  ask (out, 'half-empty', @() adamupdate (1, 2, [], 1, 1));
  ask (out, 'cell-params', @() first_cell ({1, 2}, {3, 4}));
  ask (out, 'unequal-cells', @() first_cell ({1, 2}, {3}));
  ask (out, 'unequal-fields', @() rmspropupdate (struct ('a', 1), struct ('b', 1), []));
end

function [p, v] = first_cell (params, grad)
  [p, v] = rmspropupdate (params, grad, [], 0.1, 0.5);
  v = v{1};
end

function ask (out, name, call)
  try
    [~, v] = call ();
    text = sprintf ('%s %s', class (v), described (v));
  catch problem
    text = ['error ', strrep(problem.message, sprintf ('\n'), ' ')];
  end
  fprintf (out, 'behaviour %s %s\n', name, text);
end

function text = described (v)
  text = sprintf ('%d-by-%d ', size (v, 1), size (v, 2));
  if ~isfloat (v), return, end
  text = [text, to_hex(real (v), class (v))];
  if ~isreal (v), text = [text, ' ', to_hex(imag (v), class (v))]; end
end

function file = opened (name, way)
  [file, problem] = fopen (name, way);
  if file < 0, error ('golden_vectors:file', '%s: %s', name, problem); end
end

function write_system (out)
  if exist ('OCTAVE_VERSION', 'builtin')
    system = 'octave';
    release = OCTAVE_VERSION ();
  else
    system = 'matlab';
    release = version ();
  end
  fprintf (out, 'system %s %s\n', system, release);
  fprintf (out, 'place %s\n', which ('rmspropupdate'));
  fprintf (out, 'computer %s\n', computer ());
end

function [state, answer] = stepped (state, gradient)
  state.step = state.step + 1;
  scalars = [{state.rates(state.step)}, state.numbers];
  if strcmp (state.name, 'adamupdate')
    scalars = [{state.taken + state.step}, scalars];
  end
  results = cell (1, 1 + numel (state.averages));
  try
    [results{:}] = feval (state.name, state.value, gradient, state.averages{:}, scalars{:});
    texts = cellfun (@(x) to_hex (x, state.class), results, 'UniformOutput', false);
    answer = ['answer', sprintf(' %s', texts{:})];
    state.value = results{1};
    state.averages = results(2:end);
  catch problem
    answer = ['failed ', strrep(problem.message, sprintf ('\n'), ' ')];
  end
end

function x = array (text, state)
  x = reshape (from_hex (text, state.class), state.size);
end

% Bits as hexadecimal digits, the most significant first; '-' for no element at all.
function x = from_hex (text, class_name)
  if strcmp (text, '-')
    x = zeros (0, 1, class_name);
    return
  end
  words = uint32 (hex2dec (reshape (text, 8, []).'));
  if strcmp (class_name, 'double')
    words = reshape (flipud (reshape (words, 2, [])), [], 1);
  end
  x = typecast (words, class_name).';
end

function text = to_hex (x, class_name)
  if ~isa (x, class_name) || ~isreal (x)
    error ('golden_vectors:class', 'a result of class %s (real: %d)', class (x), isreal (x));
  end
  if isempty (x)
    text = '-';
    return
  end
  words = typecast (reshape (x, [], 1), 'uint32');
  if strcmp (class_name, 'double')
    words = reshape (flipud (reshape (words, 2, [])), [], 1);
  end
  text = lower (reshape (dec2hex (words, 8).', 1, []));
end
