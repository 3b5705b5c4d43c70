% [params, averageGrad, averageSqGrad] = adamupdate (params, grad, averageGrad, averageSqGrad, iteration, learnRate, gradDecay, sqGradDecay, epsilon)
%
% MATLAB's adamupdate as its page documents it, transcribed for GNU Octave, with epsilon added to the
% bias-corrected root (Algorithm 1 of the paper that the page cites).
% Never put this folder on MATLAB's path: it would hide the real function.
function varargout = adamupdate (varargin)
  [varargout{1:nargout}] = adam_rule ("outside", varargin{:});
end
