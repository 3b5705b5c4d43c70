% [params, average, ...] = each_learnable (rule, params, grad, average, ...)
%
% rule (p, g, v, ...) at every numeric array of a cell array or structure, nested or not.
% An average that is [] is [] in each part.
function varargout = each_learnable (rule, params, grad, varargin)
  results = cell (1, nargout);
  if iscell (params)
    [results{:}] = deal (cell (size (params)));
    for i = 1:numel (params)
      averages = cellfun (@(a) part_of_cell (a, i), varargin, "UniformOutput", false);
      new = cell (1, nargout);
      [new{:}] = each_learnable (rule, params{i}, grad{i}, averages{:});
      for k = 1:nargout, results{k}{i} = new{k}; end
    end
  elseif isstruct (params)
    [results{:}] = deal (params);
    for name = fieldnames (params)'
      field = name{1};
      averages = cellfun (@(a) part_of_structure (a, field), varargin, "UniformOutput", false);
      new = cell (1, nargout);
      [new{:}] = each_learnable (rule, params.(field), grad.(field), averages{:});
      for k = 1:nargout, results{k}.(field) = new{k}; end
    end
  else
    [results{:}] = rule (params, grad, varargin{:});
  end
  varargout = results;
end

function part = part_of_cell (average, i)
  part = [];
  if iscell (average), part = average{i}; end
end

function part = part_of_structure (average, field)
  part = [];
  if isstruct (average), part = average.(field); end
end
