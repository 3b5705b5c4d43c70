% [params, averageSqGrad] = rmspropupdate (params, grad, averageSqGrad, learnRate, sqGradDecay, epsilon)
%
% MATLAB's rmspropupdate as its page documents it, transcribed for GNU Octave: numeric arrays, cell
% arrays and structures, nested or not.  The update equation did not survive in our copy of the
% page; epsilon stands outside the root, as on the sibling page of adamupdate.
% Never put this folder on MATLAB's path: it would hide the real function.
function [params, averageSqGrad] = rmspropupdate (params, grad, averageSqGrad, learnRate, sqGradDecay, epsilon)
  if nargin < 4, learnRate = 0.001; end
  if nargin < 5, sqGradDecay = 0.9; end
  if nargin < 6, epsilon = 1e-8; end
  rule = @(p, g, v) update (p, g, v, learnRate, sqGradDecay, epsilon);
  [params, averageSqGrad] = each_learnable (rule, params, grad, averageSqGrad);
end

function [p, v] = update (p, g, v, learnRate, sqGradDecay, epsilon)
  if isempty (v), v = zeros (size (p), class (p)); end
  v = sqGradDecay .* v + (1 - sqGradDecay) .* g.^2;
  p = p - learnRate .* g ./ (sqrt (v) + epsilon);
end
